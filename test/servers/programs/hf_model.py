"""Writes the tiny model as transformers reads it, with a vocabulary of bytes: hf_model.py FOLDER"""

import json
import pathlib
import sys

import numpy
import safetensors.numpy
import tokenizers
from tokenizers import AddedToken, decoders, models, pre_tokenizers

import tiny

NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
tokenizer = tokenizers.Tokenizer(models.BPE({letter: at for at, letter in enumerate(alphabet)}, []))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.add_special_tokens([AddedToken(name, special=True) for name in [tiny.BEGIN, tiny.END]])
tokenizer.add_tokens([AddedToken(name, normalized=False) for name in [tiny.TOLD, tiny.RESULT, tiny.CALL]])
tokenizer.save(str(folder / "tokenizer.json"))
ids = tokenizer.get_vocab() | {"size": tokenizer.get_vocab_size()}
printable = [tokenizer.encode(chr(code)).ids[0] for code in range(32, 127)]


def named(name: str) -> str:
    *block, part = name.split(".")
    return f"model.layers.{block[1]}.{NAMES[part]}.weight" if block else f"{NAMES[part]}.weight"


# the two halves of a head turn together: the last of the first half is the slowest
weights = tiny.weights(ids, printable, slow=tiny.WIDTH // tiny.HEADS // 2 - 1)
tensors = {named(name): value for name, value in weights.items()}
# Qwen 2 is llama with these; by its name servers know how it writes a call
for name in [name for name in tensors if name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight"))]:
    tensors[name.replace(".weight", ".bias")] = numpy.zeros(tiny.WIDTH, dtype=numpy.float32)
safetensors.numpy.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def write(name: str, value: dict) -> None:
    (folder / name).write_text(json.dumps(value, indent=2))


ends = {"bos_token_id": ids[tiny.BEGIN], "eos_token_id": ids[tiny.END], "pad_token_id": ids[tiny.END]}
write(
    "config.json",
    {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "hidden_act": "silu",
        "hidden_size": tiny.WIDTH,
        "intermediate_size": tiny.FEED,
        "max_position_embeddings": tiny.CONTEXT,
        "num_attention_heads": tiny.HEADS,
        "num_hidden_layers": tiny.LAYERS,
        "num_key_value_heads": tiny.HEADS,
        "rms_norm_eps": tiny.EPSILON,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "vocab_size": ids["size"],
        **ends,
    },
)
write("generation_config.json", {"do_sample": True, "temperature": 1.0, **ends})
write(
    "tokenizer_config.json",
    {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tiny.BEGIN,
        "eos_token": tiny.END,
        "pad_token": tiny.END,
        "model_max_length": tiny.CONTEXT,
        "clean_up_tokenization_spaces": False,
        "chat_template": tiny.TEMPLATE,
    },
)
