"""The URL of a stack's API."""

from runner.api_url import api_url

PUBLIC = "https://abc.execute-api.eu-central-1.amazonaws.com/dev"


def test_on_aws_it_is_the_public_url():
    assert api_url(PUBLIC + "/", "abc", None) == PUBLIC


def test_on_localstack_it_has_a_path_of_its_own_with_the_same_stage():
    assert api_url(PUBLIC, "abc", "http://127.0.0.1:4566/") == "http://127.0.0.1:4566/_aws/execute-api/abc/dev"
