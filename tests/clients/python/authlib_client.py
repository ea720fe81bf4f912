"""Authlib, as Python applications use it.

`authlib.test.js` starts this with the name of a check and the scene as JSON. Where a person has to go through the pages, the
address is printed, and the one that the browser came back to is read.
"""

import json
import sys

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet


def metadata(scene):
    response = requests.get(scene["issuer"] + "/.well-known/oauth-authorization-server", timeout=10)
    response.raise_for_status()
    return response.json()


def by_a_person(session, server):
    """The code flow with PKCE: the tokens that a person allowed."""
    verifier = generate_token(64)
    address, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
    print(address, flush=True)
    arrived = sys.stdin.readline().strip()
    return session.fetch_token(
        server["token_endpoint"], authorization_response=arrived, state=state, code_verifier=verifier
    )


def refused(error, what):
    """Runs what must be refused with this error code."""
    try:
        what()
    except AuthlibBaseError as told:
        assert told.error == error, told
    else:
        raise AssertionError(f"{error} was expected")


def public_client(scene):
    server = metadata(scene)
    session = OAuth2Session(
        scene["publicClient"],
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        scope="read write",
        redirect_uri=scene["redirectUri"],
        code_challenge_method="S256",
    )
    tokens = by_a_person(session, server)
    assert tokens["scope"] == "read write", tokens["scope"]

    keys = KeySet.import_key_set(requests.get(server["jwks_uri"], timeout=10).json())
    token = jwt.decode(tokens["access_token"], keys, algorithms=["EdDSA", "Ed25519"])
    assert token.header["typ"] == "at+jwt", token.header
    claims = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": scene["issuer"]}, aud={"essential": True, "value": scene["issuer"]}
    )
    claims.validate(token.claims)
    assert token.claims["client_id"] == scene["publicClient"], token.claims

    rotated = session.refresh_token(server["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert rotated["refresh_token"] != tokens["refresh_token"]
    response = session.revoke_token(
        server["revocation_endpoint"], rotated["refresh_token"], token_type_hint="refresh_token"
    )
    assert response.status_code == 200, response.text
    again = rotated["refresh_token"]
    refused("invalid_grant", lambda: session.refresh_token(server["token_endpoint"], refresh_token=again))


def service(scene):
    server = metadata(scene)
    session = OAuth2Session(scene["service"], scene["secret"], scope="read")
    tokens = session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    assert tokens["scope"] == "read" and "refresh_token" not in tokens, tokens.keys()

    told = session.introspect_token(server["introspection_endpoint"], tokens["access_token"]).json()
    assert told["active"] and told["sub"] == scene["service"], told
    session.revoke_token(server["revocation_endpoint"], tokens["access_token"])
    told = session.introspect_token(server["introspection_endpoint"], tokens["access_token"]).json()
    assert told == {"active": False}, told

    too_much = OAuth2Session(scene["service"], scene["secret"], scope="admin")
    refused("invalid_scope", lambda: too_much.fetch_token(server["token_endpoint"], grant_type="client_credentials"))
    wrong = OAuth2Session(scene["service"], "not the secret")
    refused("invalid_client", lambda: wrong.fetch_token(server["token_endpoint"], grant_type="client_credentials"))


if __name__ == "__main__":
    {"public_client": public_client, "service": service}[sys.argv[1]](json.loads(sys.argv[2]))
