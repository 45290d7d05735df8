"""Where an API of API Gateway answers."""


def api_url(public: str, api_id: str, endpoint_url: str | None) -> str:
    """The public URL, but on LocalStack, where that would lead to AWS, a path of its own; both end with the stage."""
    public = public.rstrip("/")
    return f"{endpoint_url.rstrip('/')}/_aws/execute-api/{api_id}/{public.rsplit('/', 1)[1]}" if endpoint_url else public
