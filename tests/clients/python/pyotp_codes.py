"""Reads the address of a key as an app reads it from a QR code, and prints its code at an instant (seconds)."""

import sys

import pyotp

print(pyotp.parse_uri(sys.argv[1]).at(int(sys.argv[2])))
