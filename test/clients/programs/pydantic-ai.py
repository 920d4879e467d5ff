import asyncio
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from say import KEY, URL, broken, joined, say


class Person(BaseModel):
    name: str
    age: int


def agent(name="fast", key=KEY, **fields):
    client = AsyncOpenAI(base_url=URL, api_key=key, max_retries=0)
    return Agent(OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client)), **fields)


def plain():
    answer = agent().run_sync("Hello")
    return f"{answer.output} {answer.usage.total_tokens} tokens"


def stream(name="fast"):
    """Each piece when it is there: what was asked for in an event loop, handed on outside of it."""

    async def pieces(found):
        async with agent(name).run_stream("Hello") as answer:
            async for piece in answer.stream_text(delta=True, debounce_by=None):
                found.append(piece)

    found, fault = [], None
    try:
        asyncio.run(pieces(found))
    except Exception as error:
        fault = error
    yield from found
    if fault:
        raise fault


def tools():
    called = []
    weather = agent()

    @weather.tool_plain
    def get_weather(city: str) -> str:
        """The weather in a city."""
        called.append(city)
        return "fine"

    return f"get_weather {called[0] if (text := weather.run_sync('Weather?').output) else None}, {text}"


def structured():
    person = agent(output_type=Person).run_sync("A person").output
    return f"{person.name} {person.age}"


say("plain", plain)
say("stream", lambda: joined(stream()))
say("tools", tools)
say("structured", structured)
say("400", lambda: agent(model_settings={"temperature": 999}).run_sync("Hello"))
say("401", lambda: agent(key="wrong").run_sync("Hello"))
say("404", lambda: agent("missing").run_sync("Hello"))
say("429", lambda: agent("refuses").run_sync("Hello"))
say("5xx", lambda: agent("fails").run_sync("Hello"))
say("error in stream", lambda: broken(stream("overheats")))
say("queued", lambda: [joined(stream("queued")) for _ in range(2)][1])
