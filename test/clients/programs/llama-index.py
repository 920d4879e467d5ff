from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel
from say import KEY, URL, broken, joined, say

HELLO = [ChatMessage(role="user", content="Hello")]


class Person(BaseModel):
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return "fine"


def model(name="fast", key=KEY, **fields):
    options = {"is_chat_model": True, "is_function_calling_model": True, "max_retries": 0, **fields}
    return OpenAILike(model=name, api_base=URL, api_key=key, **options)


def plain():
    answer = model().chat(HELLO)
    return f"{answer.message.content} {answer.raw.usage.total_tokens} tokens"


def stream(name="fast"):
    return (chunk.delta for chunk in model(name).stream_chat(HELLO))


def tools():
    tool = FunctionTool.from_defaults(get_weather)
    answer = model().chat_with_tools([tool], user_msg="Weather?")
    call = model().get_tool_calls_from_response(answer)[0]
    result = ChatMessage(role="tool", content="fine", additional_kwargs={"tool_call_id": call.tool_id})
    history = [ChatMessage(role="user", content="Weather?"), answer.message, result]
    return f"{call.tool_name} {call.tool_kwargs['city']}, {model().chat_with_tools([tool], chat_history=history).message.content}"


def structured():
    person = model().as_structured_llm(Person).chat(HELLO).raw
    return f"{person.name} {person.age}"


say("plain", plain)
say("stream", lambda: joined(stream()))
say("tools", tools)
say("structured", structured)
say("400", lambda: model().chat(HELLO, temperature=999))
say("401", lambda: model(key="wrong").chat(HELLO))
say("404", lambda: model("missing").chat(HELLO))
say("429", lambda: model("refuses").chat(HELLO))
say("5xx", lambda: model("fails").chat(HELLO))
say("error in stream", lambda: broken(stream("overheats")))
say("queued", lambda: [joined(stream("queued")) for _ in range(2)][1])
