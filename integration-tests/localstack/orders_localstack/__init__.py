"""Plugins for LocalStack without Docker: functions as processes of this machine, and tables of another server."""
