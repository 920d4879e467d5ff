"""
The tiny model of the runs: random weights, so that it says noise, but for one thing. Behind a prompt that tells of tools it
says a call, which is one token of its vocabulary, and ends; behind a tool's result it says noise again.
"""

import numpy

WIDTH, LAYERS, HEADS, FEED, CONTEXT = 256, 3, 4, 512, 2048
EPSILON = 1e-5
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
TOLD, RESULT, BEGIN, END = "</tools>", "</tool_response>", "<|im_start|>", "<|im_end|>"

# as Qwen's: servers look in it for how tools are told and called
TEMPLATE = r"""
{%- if tools %}
{{- '<|im_start|>system\n' }}
{{- '# Tools\n\n<tools>' }}
{%- for tool in tools %}{{- '\n' }}{{- tool | tojson }}{%- endfor %}
{{- '\n</tools>\n\nFor each call:\n<tool_call>\n{"name": <name>, "arguments": <arguments>}\n</tool_call><|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}
{{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' }}
{%- else %}
{{- '<|im_start|>' + message.role }}
{%- if message.content %}{{- '\n' + message.content }}{%- endif %}
{%- for tool_call in message.tool_calls or [] %}
{%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
{{- '\n<tool_call>\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
{{- tool_call.arguments | tojson }}{{- '}\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
""".strip()

# coordinates that no random weight reads or writes: always set, tools are told, a call is wanted, a result is there, a call was said
ALWAYS, TOOLS, WANTED, ANSWERED, CALLED = range(5)
KEPT = 8


def weights(tokens: dict[str, int], printable: list[int], slow: int) -> dict[str, numpy.ndarray]:
    """
    Weights by llama's names in GGUF. `tokens`: ids of CALL, TOLD, RESULT, END and the vocabulary's `size`; `printable`: what the
    noise is made of; `slow`: the coordinate of a head that turns slowest with the position.
    """
    chance = numpy.random.default_rng(1)

    def noise(scale, *shape):
        return (chance.standard_normal(shape) * scale).astype(numpy.float32)

    def one(value, **coordinates):
        row = numpy.zeros(WIDTH, dtype=numpy.float32)
        row[ALWAYS] = 4
        for at in coordinates.values():
            row[at] = value
        return row

    embedding = noise(1, tokens["size"], WIDTH)
    embedding[:, :KEPT] = 0
    embedding[:, ALWAYS] = 4
    embedding[tokens[TOLD]] = one(12, at=TOOLS)
    embedding[tokens[RESULT]] = one(12, at=ANSWERED)
    embedding[tokens[CALL]] = one(12, at=CALLED)
    output = numpy.zeros((tokens["size"], WIDTH), dtype=numpy.float32)
    output[printable] = noise(0.3, len(printable), WIDTH)
    output[:, :KEPT] = 0
    output[tokens[CALL], WANTED] = 3
    output[tokens[END], CALLED] = 20
    all_weights = {"token_embd": embedding, "output": output, "output_norm": numpy.ones(WIDTH, dtype=numpy.float32)}
    for layer in range(LAYERS):
        named = {name: noise(0.05, WIDTH, WIDTH) for name in ["attn_q", "attn_k", "attn_v", "attn_output"]}
        named |= {"ffn_gate": noise(0.05, FEED, WIDTH), "ffn_up": noise(0.05, FEED, WIDTH)}
        for matrix in named.values():
            matrix[:, :KEPT] = 0
        named["ffn_down"] = noise(0.05, WIDTH, FEED)
        for name in ["attn_output", "ffn_down"]:
            named[name][:KEPT] = 0
        if layer == 0:
            head = WIDTH // HEADS
            for name in ["attn_q", "attn_k", "attn_v"]:
                named[name][:head] = 0
            # every token looks for the place that tells of tools, and rather for a result
            named["attn_q"][slow, ALWAYS] = 2
            named["attn_k"][slow, [TOOLS, ANSWERED]] = [2, 4]
            named["attn_v"][0, TOOLS] = 1
            named["attn_output"][:, :head] = 0
            named["attn_output"][WANTED, 0] = 2
        named |= {name: numpy.ones(WIDTH, dtype=numpy.float32) for name in ["attn_norm", "ffn_norm"]}
        all_weights |= {f"blk.{layer}.{name}": value for name, value in named.items()}
    return all_weights
