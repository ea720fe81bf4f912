"""Makes a hash of a password with a library, and says what the library makes of another's hash of it."""

import json
import sys

import argon2
import bcrypt
from passlib.hash import pbkdf2_sha256, pbkdf2_sha512, scrypt


def argon2_cffi_verify(password, hash):
    try:
        return argon2.PasswordHasher().verify(hash, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


LIBRARIES = {
    "argon2-cffi": (argon2.PasswordHasher(time_cost=2, memory_cost=8192).hash, argon2_cffi_verify),
    "bcrypt": (
        lambda password: bcrypt.hashpw(password.encode(), bcrypt.gensalt(8)).decode(),
        lambda password, hash: bcrypt.checkpw(password.encode(), hash.encode()),
    ),
    "passlib-scrypt": (scrypt.using(rounds=12).hash, scrypt.verify),
    "passlib-pbkdf2-sha256": (pbkdf2_sha256.using(rounds=2000).hash, pbkdf2_sha256.verify),
    "passlib-pbkdf2-sha512": (pbkdf2_sha512.using(rounds=2000).hash, pbkdf2_sha512.verify),
}

library, about = sys.argv[1], json.loads(sys.argv[2])
make, verify = LIBRARIES[library]
password, ours = about["password"], about["ours"]
print(
    json.dumps(
        {
            "hash": make(password),
            "valid": ours and verify(password, ours),
            "otherwise": ours and verify(password[1:] + "y", ours),
        }
    )
)
