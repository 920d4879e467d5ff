"""LangChain's standard suite for chat models, by ChatOpenAI; its tests of images, sounds and documents fetch them from the web and stay out."""
import os

import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class TestStandard(ChatModelIntegrationTests):
    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        return {"model": "fast", "base_url": os.environ["CLIENT_URL"], "api_key": os.environ["CLIENT_KEY"], "stream_usage": True}

    @property
    def supports_json_mode(self):
        return True

    @property
    def model_override_value(self):
        return "other"


class Told:
    """One line a test that ran: name, tab, `yes`, or the error's last line."""

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.failed:
            words = "yes" if report.passed else report.outcome
            if report.failed:
                words = next((line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")), "failed")
            print(f"{report.nodeid.split('::')[-1]}\t{words}", flush=True)


if __name__ == "__main__":
    # ChatOpenAI keeps one client of an event loop that has ended, unless all tests share theirs
    loops = [f"--override-ini=asyncio_default_{what}_loop_scope=session" for what in ("fixture", "test")]
    options = ["-p", "no:terminal", "-p", "no:cacheprovider", "--asyncio-mode", "auto", "--benchmark-disable", *loops]
    raise SystemExit(pytest.main([*options, __file__], plugins=[Told()]))
