from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from say import KEY, URL, broken, joined, say


class Person(BaseModel):
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return "fine"


def model(name="fast", key=KEY, **fields):
    return ChatOpenAI(model=name, base_url=URL, api_key=key, max_retries=0, **fields)


def plain():
    answer = model().invoke("Hello")
    return f"{answer.text} {answer.usage_metadata['total_tokens']} tokens"


def stream(name="fast"):
    return (chunk.text for chunk in model(name).stream("Hello"))


def tools():
    bound = model().bind_tools([get_weather])
    answer = bound.invoke("Weather?")
    call = answer.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "fine"}
    return f"{call['name']} {call['args']['city']}, {bound.invoke([('user', 'Weather?'), answer, result]).text}"


def structured():
    person = model().with_structured_output(Person).invoke("A person")
    return f"{person.name} {person.age}"


say("plain", plain)
say("stream", lambda: joined(stream()))
say("tools", tools)
say("structured", structured)
say("400", lambda: model(temperature=999).invoke("Hello"))
say("401", lambda: model(key="wrong").invoke("Hello"))
say("404", lambda: model("missing").invoke("Hello"))
say("429", lambda: model("refuses").invoke("Hello"))
say("5xx", lambda: model("fails").invoke("Hello"))
say("error in stream", lambda: broken(stream("overheats")))
say("queued", lambda: [joined(stream("queued")) for _ in range(2)][1])
