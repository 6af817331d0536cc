"""`python -m billing_project.launcher.probe PORT`: exit 0 if the process there is ready (containers)."""

import http.client
import sys


def main() -> int:
    """Ask `/ready` on this machine as a proxy that speaks https would."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=4)
    try:
        connection.request(
            "GET", "/ready", headers={"Host": "localhost", "X-Forwarded-Proto": "https"}
        )
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
