"""`PROVIDER_OVERRIDE_DYNAMODB=forwarded`: DynamoDB's operations are forwarded to `FORWARDED_DYNAMODB_URL`."""

import os

from localstack.aws.api.dynamodb import (
    ContinuousBackupsDescription,
    ContinuousBackupsStatus,
    DescribeContinuousBackupsOutput,
    DynamodbApi,
    PointInTimeRecoveryDescription,
    PointInTimeRecoveryStatus,
    UpdateContinuousBackupsOutput,
)
from localstack.aws.forwarder import AwsRequestProxy, ForwardingFallbackDispatcher
from localstack.services.plugins import Service, aws_provider


class ForwardedDynamoDb(DynamodbApi):
    """Forwards everything except point-in-time recovery, which the other server does not have: it is always reported as enabled."""

    def describe_continuous_backups(self, context, table_name, **_):
        return DescribeContinuousBackupsOutput(ContinuousBackupsDescription=_continuous_backups())

    def update_continuous_backups(self, context, table_name, point_in_time_recovery_specification, **_):
        return UpdateContinuousBackupsOutput(ContinuousBackupsDescription=_continuous_backups())


def _continuous_backups() -> ContinuousBackupsDescription:
    return ContinuousBackupsDescription(
        ContinuousBackupsStatus=ContinuousBackupsStatus.ENABLED,
        PointInTimeRecoveryDescription=PointInTimeRecoveryDescription(
            PointInTimeRecoveryStatus=PointInTimeRecoveryStatus.ENABLED
        ),
    )


@aws_provider(api="dynamodb", name="forwarded")
def forwarded() -> Service:
    return Service.for_provider(
        ForwardedDynamoDb(),
        dispatch_table_factory=lambda provider: ForwardingFallbackDispatcher(provider, _forwarder()),
    )


def _forwarder() -> AwsRequestProxy:
    """The tables refuse a request whose Host is not a name of this machine, and LocalStack's own domain is none."""
    forwarder = AwsRequestProxy(os.environ["FORWARDED_DYNAMODB_URL"])
    forwarder.proxy.preserve_host = False
    return forwarder
