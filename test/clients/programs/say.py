"""Runs each case and says what came of it, a line a case: name, tab, words."""
import os

URL, KEY = os.environ["CLIENT_URL"], os.environ["CLIENT_KEY"]


def say(name, case):
    try:
        said = case()
    except Exception as error:  # what a user of the client sees
        status = getattr(error, "status_code", None)
        said = f"{type(error).__name__} {status}: {error}"
    print(f"{name}\t{' '.join(str(said).split())}", flush=True)


def joined(pieces):
    pieces = [piece for piece in pieces if piece]
    return f"{''.join(pieces)} in {len(pieces)} pieces"


def broken(pieces):
    """What a stream gave before it failed, and how it failed."""
    text = ""
    try:
        for piece in pieces:
            text += piece or ""
    except Exception as error:
        return f"{text.strip()}, then {type(error).__name__}: {error}"
    return f"{text.strip()}, then nothing"
