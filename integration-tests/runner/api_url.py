"""The URL of an API of API Gateway."""


def api_url(public: str, api_id: str, endpoint_url: str | None) -> str:
    """Returns the public URL on AWS. On LocalStack that URL would lead to AWS, and the API has a path of its own. Both end with the stage."""
    public = public.rstrip("/")
    return f"{endpoint_url.rstrip('/')}/_aws/execute-api/{api_id}/{public.rsplit('/', 1)[1]}" if endpoint_url else public
