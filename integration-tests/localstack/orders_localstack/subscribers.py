"""A topic's attributes count its subscriptions, as on AWS. LocalStack says 0, and notifier sends nothing to a topic that nobody reads.

It takes effect by being imported, or run by LocalStack as an init script, before the first request to SNS.
"""

import functools
import importlib


def _counted(get_topic_attributes):
    @functools.wraps(get_topic_attributes)
    def get(self, context, topic_arn, **kwargs):
        response = get_topic_attributes(self, context, topic_arn, **kwargs)
        store = self.get_store(context.account_id, context.region)
        pending = [
            subscription["PendingConfirmation"] == "true"
            for subscription in store.subscriptions.values()
            if subscription["TopicArn"] == topic_arn
        ]
        counts = {"SubscriptionsPending": str(pending.count(True)), "SubscriptionsConfirmed": str(pending.count(False))}
        return {**response, "Attributes": {**response["Attributes"], **counts}}

    return get


# The provider of today and the one that is to follow it: which of them answers depends on LocalStack's version and settings.
for _name in ("localstack.services.sns.provider", "localstack.services.sns.v2.provider"):
    try:
        _provider = importlib.import_module(_name).SnsProvider
    except ModuleNotFoundError:
        continue
    _provider.get_topic_attributes = _counted(_provider.get_topic_attributes)
