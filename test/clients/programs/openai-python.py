import json
from openai import OpenAI
from pydantic import BaseModel
from say import KEY, URL, broken, joined, say

client = OpenAI(base_url=URL, api_key=KEY, max_retries=0)
HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}


class Person(BaseModel):
    name: str
    age: int


def ask(model="fast", client=client, **fields):
    return client.chat.completions.create(model=model, **{"messages": HELLO, **fields})


def plain():
    answer = ask()
    return f"{answer.choices[0].message.content} {answer.usage.total_tokens} tokens"


def stream(model="fast"):
    for chunk in ask(model, stream=True):
        if chunk.choices:
            yield chunk.choices[0].delta.content


def tools():
    message = ask(tools=[TOOL]).choices[0].message
    call = message.tool_calls[0]
    history = HELLO + [message, {"role": "tool", "tool_call_id": call.id, "content": "fine"}]
    return f"{call.function.name} {json.loads(call.function.arguments)['city']}, {ask(messages=history, tools=[TOOL]).choices[0].message.content}"


def structured():
    person = client.chat.completions.parse(model="fast", messages=HELLO, response_format=Person).choices[0].message.parsed
    return f"{person.name} {person.age}"


say("plain", plain)
say("stream", lambda: joined(stream()))
say("tools", tools)
say("structured", structured)
say("400", lambda: ask(temperature=999))
say("401", lambda: ask(client=OpenAI(base_url=URL, api_key="wrong", max_retries=0)))
say("404", lambda: ask("missing"))
say("429", lambda: ask("refuses"))
say("5xx", lambda: ask("fails"))
say("error in stream", lambda: broken(stream("overheats")))
say("queued", lambda: [joined(stream("queued")) for _ in range(2)][1])
