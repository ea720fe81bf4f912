"""Verifies a JWT with PyJWT under a key that is given as JSON, or signs one, and prints the claims or the token."""

import json
import sys

import jwt

ask = json.load(sys.stdin)
key = jwt.PyJWK(ask["jwk"], algorithm=ask["algorithm"])
if "token" in ask:
    claims = jwt.decode(
        ask["token"],
        key,
        algorithms=[ask["algorithm"]],
        issuer=ask["issuer"],
        audience=ask["audience"],
        options={"require": ["exp", "iat", "jti"]},
    )
    print(json.dumps(claims))
else:
    print(jwt.encode(ask["claims"], key.key, algorithm=ask["algorithm"]))
