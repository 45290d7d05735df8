"""Runs the suite against a deployed stack: on LocalStack, which it starts and ends, or on AWS.

The standard library is enough for it; what it installs for LocalStack lies in a folder of its own.
"""
