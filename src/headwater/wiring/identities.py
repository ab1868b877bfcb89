"""Whose tokens are believed, as settings name them."""

from typing import TYPE_CHECKING

from headwater.core.ports import Clock
from headwater.core.settings import Settings

if TYPE_CHECKING:
    from headwater.access.tokens import Issuers


def issuers(settings: Settings, clock: Clock) -> "Issuers | None":
    """Those who issue tokens that open the API; None when settings name none."""
    if settings.supabase_jwt_secret is None and settings.oidc_issuer is None:
        return None
    # Cryptography for tokens takes a tenth of a second to load: only where somebody comes with one.
    from headwater.access.tokens import Issuers  # noqa: PLC0415
    from headwater.outside.jwks import KeySet  # noqa: PLC0415

    secret = settings.supabase_jwt_secret
    return Issuers(
        supabase_secret=secret.get_secret_value() if secret else None,
        supabase_issuer=f"{settings.supabase_url.rstrip('/')}/auth/v1" if settings.supabase_url else None,
        keys=KeySet(settings.oidc_issuer, clock) if settings.oidc_issuer else None,
        audience=settings.oidc_audience,
    )
