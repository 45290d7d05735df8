"""Runs the suite against a deployed stack: on LocalStack, which it starts and stops, or on AWS.

It needs only the standard library. The packages for LocalStack are installed into a folder of their own.
"""
