"""Whose tokens are believed, as settings name them."""

from headwater.access.tokens import Issuers
from headwater.core.ports import Clock
from headwater.core.settings import Settings
from headwater.outside.jwks import KeySet


def issuers(settings: Settings, clock: Clock) -> Issuers | None:
    """Those who issue tokens that open the API; None when settings name none."""
    if settings.supabase_jwt_secret is None and settings.oidc_issuer is None:
        return None
    secret = settings.supabase_jwt_secret
    return Issuers(
        supabase_secret=secret.get_secret_value() if secret else None,
        supabase_issuer=f"{settings.supabase_url.rstrip('/')}/auth/v1" if settings.supabase_url else None,
        keys=KeySet(settings.oidc_issuer, clock) if settings.oidc_issuer else None,
        audience=settings.oidc_audience,
    )
