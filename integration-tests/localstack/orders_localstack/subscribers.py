"""Counts a topic's subscriptions in its attributes, as AWS does. LocalStack returns 0, and notifier sends no email without a subscriber.

The import of this module changes LocalStack. LocalStack can also run it as an init script, before the first request to SNS.
"""

import functools
import importlib


def _count_subscriptions(get_topic_attributes):
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


# The current provider and its successor. LocalStack's version and settings select one of them.
for _name in ("localstack.services.sns.provider", "localstack.services.sns.v2.provider"):
    try:
        _provider = importlib.import_module(_name).SnsProvider
    except ModuleNotFoundError:
        continue
    _provider.get_topic_attributes = _count_subscriptions(_provider.get_topic_attributes)
