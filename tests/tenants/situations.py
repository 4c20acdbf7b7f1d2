"""What a hostile provider serves, one bend at a time: none may be accepted (security.md §5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.tenants.hostile_provider import ABSENT, ITSELF, OURS, Changes, Later, Scene, part, sign
from tests.tenants.portals import SECRET

OTHER = ECKey.generate_key("P-256", {"kid": "ours", "use": "sig"})
SECOND = ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
ELSEWHERE = "https://ailleurs.invalid"


def claims(**changes: Any) -> Scene:
    return Scene(claims=changes)


def header(**changes: Any) -> Scene:
    return Scene(header=changes)


def discovery(**changes: Any) -> Scene:
    return Scene(discovery=changes)


def signed_userinfo(**changes: Any) -> Scene:
    return Scene(is_userinfo_signed=True, userinfo=changes)


def unsigned(values: Changes) -> str:
    return f"{part({'alg': 'none', 'kid': 'ours', 'typ': 'JWT'})}.{part(values)}."


def by_secret(secret: bytes | str) -> Callable[[Changes], str]:
    """HS256 with something that everybody, or the client, knows."""
    key = OctKey.import_key(secret)
    return lambda values: sign({"alg": "HS256", "kid": "ours"}, values, key)


def altered(token: str) -> str:
    """Another subject behind the signature of the first one."""
    head, body, signature = token.split(".")
    values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return ".".join([head, part({**values, "sub": "chloe"}), signature])


PUBLIC_JWK = json.dumps(OURS.as_dict(private=False), separators=(",", ":"))
PUBLIC_PEM = base64.b64encode(OURS.as_pem(private=False))
STRANGER = Scene(key=SECOND, header={"jwk": SECOND.as_dict(private=False), "kid": "ours"})

BAD_SIGNATURES = {
    "alg none": Scene(sign=unsigned),
    "HS256 with the public JWK": Scene(sign=by_secret(PUBLIC_JWK)),
    "HS256 with the public PEM": Scene(sign=by_secret(PUBLIC_PEM)),
    "HS256 with the client secret": Scene(sign=by_secret(SECRET)),
    "another key under the same kid": Scene(key=OTHER),
    "a key embedded in the header": STRANGER,
    "the right key, embedded too": header(jwk=OURS.as_dict(private=False)),
    "the address of a key": header(jku=f"{ELSEWHERE}/jwks"),
    "a certificate": header(x5c=["MIIB"]),
    "an unknown kid": header(kid="unknown"),
    "a kid that is a list": header(kid=["ours"]),
    "no kid among several keys": Scene(published=[OURS, SECOND], header={"kid": ABSENT}),
    "a key made to encrypt": Scene(
        key=SECOND, published=[ECKey.import_key({**SECOND.as_dict(private=False), "use": "enc"})]
    ),
    "RS256 though ES256 is registered": Scene(
        published=[OURS, RSA], key=RSA, header={"alg": "RS256"}
    ),
    "the type of an access token": header(typ="at+jwt"),
    "the type of a logout token": header(typ="logout+jwt"),
    "altered after the signature": Scene(rewrite=altered),
    "without its signature": Scene(rewrite=lambda token: token.rpartition(".")[0] + "."),
    "five parts": Scene(rewrite=lambda token: f"{token}.a.b"),
    "endless": Scene(rewrite=lambda token: token + "a" * 20_000),
    "accents": Scene(rewrite=lambda token: f"é{token}"),
}

BAD_CLAIMS = {
    "another issuer": claims(iss=ELSEWHERE),
    "no issuer": claims(iss=ABSENT),
    "another audience": claims(aud="un-autre"),
    "no audience": claims(aud=ABSENT),
    "several audiences, nobody authorised": claims(aud=["portail", "un-autre"]),
    "several audiences, another authorised": claims(aud=["portail", "un-autre"], azp="un-autre"),
    "another authorised party": claims(azp="un-autre"),
    "another nonce": claims(nonce="n" * 43),
    "no nonce": claims(nonce=ABSENT),
    "no expiry": claims(exp=ABSENT),
    "an expiry in words": claims(exp="demain"),
    "an expiry that is true": claims(exp=True),
    "expired ten minutes ago": claims(exp=Later(-600)),
    "expired a minute ago": claims(exp=Later(-60)),
    "expired beyond the leeway": claims(exp=Later(-12)),
    "issued in ten minutes": claims(iat=Later(600)),
    "no date of issue": claims(iat=ABSENT),
    "not valid yet": claims(nbf=Later(600)),
    "no subject": claims(sub=ABSENT),
    "an empty subject": claims(sub=""),
    "a list of subjects": claims(sub=["alice"]),
    "a subject that is a number": claims(sub=1),
    "the hash of another access token": claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "an empty hash": claims(at_hash=None),
}

BAD_ANSWERS = {
    "no id_token": Scene(tokens={"id_token": ABSENT}),
    "a null id_token": Scene(tokens={"id_token": None}),
    "an id_token that is an object": Scene(tokens={"id_token": {"sub": "alice"}}),
    "an access token as id_token": Scene(rewrite=lambda _token: "opaque"),
    "an error with the tokens": Scene(tokens={"error": "invalid_grant"}),
    "tokens that are a list": Scene(token_body=b"[]"),
    "tokens that are a number": Scene(token_body=b"1"),
    "tokens that are a page": Scene(token_body=b"<html>"),
    "no answer to the code": Scene(failing="/token"),
    "no keys": Scene(failing="/jwks"),
    "no key in the list": Scene(published=[]),
    "the discovery of another issuer": discovery(issuer=ELSEWHERE),
    "a discovery without issuer": discovery(issuer=ABSENT),
    "a discovery that is down": Scene(failing="/.well-known/openid-configuration"),
    "a discovery with a line feed": discovery(end_session_endpoint="http://a\r\nset-cookie: b=1"),
    "a discovery to another protocol": discovery(jwks_uri="file:///etc/passwd"),
    "no code in the return": Scene(redirect={"code": ABSENT}),
    "an error in the return": Scene(redirect={"code": ABSENT, "error": "access_denied"}),
    "a return of another issuer": Scene(redirect={"iss": ELSEWHERE}),
    "a return of another issuer, iss advertised": Scene(
        discovery={"authorization_response_iss_parameter_supported": True},
        redirect={"iss": ELSEWHERE},
    ),
    "a return of nobody, iss advertised": discovery(
        authorization_response_iss_parameter_supported=True
    ),
}

BAD_USERINFO = {
    "userinfo of somebody else": Scene(userinfo={"sub": "chloe"}),
    "userinfo of nobody": Scene(userinfo={"sub": ABSENT}),
    "userinfo refused": Scene(failing="/userinfo"),
    "userinfo that is a page": Scene(userinfo_body=("text/html", b"<html>")),
    "userinfo that is a list": Scene(userinfo_body=("application/json", b"[]")),
    "signed userinfo of somebody else": signed_userinfo(sub="chloe"),
    "signed userinfo of another issuer": signed_userinfo(iss=ELSEWHERE),
    "signed userinfo for another client": signed_userinfo(aud="un-autre"),
    "signed userinfo for nobody": signed_userinfo(aud=ABSENT),
    "signed userinfo, expired": signed_userinfo(exp=1),
    "userinfo signed by another key": replace(signed_userinfo(), userinfo_key=OTHER),
    "userinfo signed with HS256": Scene(
        userinfo_body=(
            "application/jwt",
            sign(
                {"alg": "HS256", "kid": "ours"}, {"sub": "alice"}, OctKey.import_key(SECRET)
            ).encode(),
        )
    ),
    "userinfo signed by nobody": Scene(
        userinfo_body=("application/jwt", unsigned({"sub": "alice"}).encode())
    ),
}

# A sign-in with several factors was demanded: eidas1-mfa or eidas2.
BAD_ASSURANCE = {
    "acr below the demand": claims(acr="eidas1"),
    "no acr": Scene(),
    "an empty acr": claims(acr=""),
    "a list of acr": claims(acr=["eidas2"]),
    "two acr in one": claims(acr="eidas1-mfa eidas2"),
}

BAD = {**BAD_SIGNATURES, **BAD_CLAIMS, **BAD_ANSWERS, **BAD_USERINFO}

GOOD = {
    "plain": Scene(),
    "signed userinfo": signed_userinfo(),
    "no userinfo": discovery(userinfo_endpoint=ABSENT),
    "no type": header(typ=ABSENT),
    "no kid, a single key": header(kid=ABSENT),
    "no at_hash": claims(at_hash=ABSENT),
    "expired five seconds ago": claims(exp=Later(-5)),
    "issued in five seconds": claims(iat=Later(5)),
    "an audience in a list": claims(aud=["portail"]),
    "several audiences, us authorised": claims(aud=["portail", "un-autre"], azp="portail"),
    "its iss in the return, advertised": Scene(
        discovery={"authorization_response_iss_parameter_supported": True},
        redirect={"iss": ITSELF},
    ),
    "keys of other kinds in the list": Scene(published=[RSA, OURS, SECOND]),
}
