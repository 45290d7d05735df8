"""What LocalStack lacks without Docker: functions as processes of this machine, and tables from elsewhere."""
