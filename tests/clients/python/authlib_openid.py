"""Authlib as a relying party: what its integrations with web frameworks do, without a framework.

`authlib.test.js` starts this with the scene as JSON. The address that a person has to go to is printed, and the one that the
browser came back to is read.
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.base_client import BaseApp, OpenIDMixin
from authlib.integrations.base_client.sync_app import OAuth2Mixin
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import InvalidClaimError


class RelyingParty(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session


def sign_in(scene):
    party = RelyingParty(
        framework=None,
        client_id=scene["client"],
        client_secret=scene["secret"],
        server_metadata_url=scene["issuer"] + "/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )
    sent = party.create_authorization_url(scene["redirectUri"], max_age="300")
    print(sent["url"], flush=True)
    arrived = parse_qs(urlsplit(sys.stdin.readline().strip()).query)
    assert arrived["state"] == [sent["state"]] and arrived["iss"] == [scene["issuer"]], arrived
    tokens = party.fetch_access_token(
        scene["redirectUri"], code=arrived["code"][0], code_verifier=sent["code_verifier"]
    )

    # The signature by the published keys, and iss, aud, azp, nonce, at_hash, auth_time and exp.
    person = party.parse_id_token(tokens, nonce=sent["nonce"])
    assert person["aud"] == scene["client"], person
    try:
        party.parse_id_token(tokens, nonce="another")
    except InvalidClaimError as told:
        assert told.claim == "nonce", told
    else:
        raise AssertionError("another nonce was taken")

    told = party.userinfo(token=tokens)
    assert told["sub"] == person["sub"], told
    assert told["preferred_username"] == "ada" and told["email"] == "ada@people.example", told
    assert told["email_verified"] is True, told


if __name__ == "__main__":
    sign_in(json.loads(sys.argv[1]))
