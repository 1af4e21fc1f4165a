"""What can go wrong between a program and its token."""


class ModelopsAuthError(Exception):
    """Names what to do. Never holds a token or a secret."""


class IssuerUnavailableError(ModelopsAuthError):
    """The issuer or the gateway gave no usable answer; the same question may succeed later."""
