"""A client of Lambda's Runtime API. AWS's own has parts in C++ that have to be compiled; this one does less."""

import http.client
import json
import os
import types

from worker import handler

api, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
connection = http.client.HTTPConnection(api)
while True:
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = connection.getresponse()
    event = json.loads(answer.read())
    request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    context = types.SimpleNamespace(aws_request_id=request_id, get_remaining_time_in_millis=lambda: 30_000)
    connection.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", json.dumps(handler(event, context)))
    connection.getresponse().read()
