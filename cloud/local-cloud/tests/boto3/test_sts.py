"""STS: the identity of the caller, and what is refused."""


def test_caller_identity(client):
    found = client("sts").get_caller_identity()
    assert found["Account"] == "000000000000"
    assert found["Arn"].startswith("arn:aws:")
    assert found["UserId"]


def test_other_actions(client, error):
    assert error(client("sts").get_session_token) == (
        "InvalidAction",
        "The action GetSessionToken is not valid for this endpoint.",
        400,
    )
