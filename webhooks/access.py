"""Who is calling: the administration token, a person's session, the address behind proxies."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from flask import session
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.messages import Role
from store import members
from store.db import Database
from webhooks.api.problems import ProblemError

COOKIE = "zhanggui_session"
SESSION = timedelta(days=7)  # a phone behind the counter signs in once a week
MACHINE = "api:admin"
_SUBJECT, _ROLE = "subject", "role"

Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a role.

    ``actor`` is ``api:admin`` or ``platform:user id``; ``machine``: came with the token.
    """

    actor: str
    role: Role
    machine: bool = False


class Access:
    """Decides who a request is from; holds the secrets, so that nothing else compares them."""

    def __init__(
        self,
        database: Database,
        *,
        admin_token: str,
        session_key: str,
        trusted_proxies: Iterable[str] = (),
    ) -> None:
        self.session_key = session_key
        self._database = database
        self._admin_token = admin_token.encode()
        self._trusted: Networks = tuple(
            ipaddress.ip_network(net, strict=False) for net in trusted_proxies
        )

    def caller(self, authorization: str, signed_in: Mapping[str, Any]) -> Caller | None:
        """Who holds the administration token, else who is signed in, else None.

        A session lends its role only as long as the person's own has not sunk below it.
        """
        if self._is_admin(bearer(authorization)):
            return Caller(MACHINE, Role.OWNER, machine=True)
        subject, word = signed_in.get(_SUBJECT), signed_in.get(_ROLE)
        if not isinstance(subject, str) or word not in members.ROLES:
            return None
        role = min(Role.of(word), self._present_role(subject, Role.of(word)))
        return Caller(subject, role) if role > Role.NONE else None

    def session_of(self, cookie: str, serializer: URLSafeTimedSerializer) -> Mapping[str, Any]:
        """What a session cookie says, for entrances without Flask; empty when forged or too old."""
        try:
            opened = serializer.loads(cookie, max_age=int(SESSION.total_seconds()))
        except BadSignature:
            return {}
        return opened if isinstance(opened, dict) else {}

    def address(self, peer: str, forwarded_for: str) -> str:
        """The client's address: the last in ``X-Forwarded-For`` that is no trusted proxy itself."""
        address = _address(peer)
        for hop in reversed(forwarded_for.split(",")):
            behind = _address(hop.strip())
            if address is None or behind is None or not self._is_trusted(address):
                break
            address = behind
        return peer if address is None else str(address)

    def trusts(self, peer: str) -> bool:
        """Whether ``peer`` is a proxy of ours, whose ``X-Forwarded-*`` headers are believed."""
        address = _address(peer)
        return address is not None and self._is_trusted(address)

    def _is_admin(self, token: str) -> bool:
        return bool(self._admin_token) and compare_digest(
            token.encode("utf-8", "replace"), self._admin_token
        )

    def _present_role(self, subject: str, otherwise: Role) -> Role:
        platform, _, user_id = subject.partition(":")
        member = self._database.read(lambda tx: members.member(tx, platform, user_id))
        return otherwise if member is None else Role.of(member.role)

    def _is_trusted(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def sign_in(subject: str, role: Role) -> None:
    """Start a session for ``subject`` (``platform:user id``) with the present Flask answer."""
    session.clear()
    session.permanent = True
    session[_SUBJECT], session[_ROLE] = subject, role.word


def sign_out() -> None:
    """End the session of the present Flask request."""
    session.clear()


def needs(caller: Caller | None, role: Role) -> Caller:
    """The caller, with this role or a higher one; raises ``ProblemError`` 401 or 403."""
    if caller is None:
        raise ProblemError("unauthorized", headers={"WWW-Authenticate": "Bearer"})
    if caller.role < role:
        raise ProblemError("forbidden", f"This needs the role {role.word} or a higher one.")
    return caller


def bearer(authorization: str) -> str:
    """The token of an ``Authorization: Bearer`` header, "" when there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d; they are the same address.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
