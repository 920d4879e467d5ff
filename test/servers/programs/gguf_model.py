"""Writes the tiny model as GGUF, with a vocabulary of bytes and printable characters: gguf_model.py FILE [pooled]"""

import sys

import gguf
from gguf import TokenType

import tiny

pieces = [(b"<unk>", TokenType.UNKNOWN), (b"<s>", TokenType.CONTROL), (b"</s>", TokenType.CONTROL)]
pieces += [(f"<0x{byte:02X}>".encode(), TokenType.BYTE) for byte in range(256)]
pieces += [(character.encode(), TokenType.NORMAL) for character in ["\u2581", *map(chr, range(33, 127))]]
pieces += [(name.encode(), TokenType.CONTROL) for name in [tiny.BEGIN, tiny.END]]
pieces += [(name.encode(), TokenType.USER_DEFINED) for name in [tiny.TOLD, tiny.RESULT, tiny.CALL]]
ids = {piece.decode(): at for at, (piece, _) in enumerate(pieces)} | {"size": len(pieces)}
printable = [at for at, (_, kind) in enumerate(pieces) if kind == TokenType.NORMAL]

writer = gguf.GGUFWriter(sys.argv[1], "llama")
writer.add_name("tiny")
writer.add_context_length(tiny.CONTEXT)
writer.add_embedding_length(tiny.WIDTH)
writer.add_block_count(tiny.LAYERS)
writer.add_feed_forward_length(tiny.FEED)
writer.add_head_count(tiny.HEADS)
writer.add_head_count_kv(tiny.HEADS)
writer.add_rope_dimension_count(tiny.WIDTH // tiny.HEADS)
writer.add_layer_norm_rms_eps(tiny.EPSILON)
writer.add_vocab_size(len(pieces))
writer.add_file_type(gguf.LlamaFileType.ALL_F32)
writer.add_tokenizer_model("llama")
writer.add_token_list([piece for piece, _ in pieces])
writer.add_token_scores([-float(at) if kind == TokenType.NORMAL else 0.0 for at, (_, kind) in enumerate(pieces)])
writer.add_token_types([kind for _, kind in pieces])
writer.add_bos_token_id(ids["<s>"])
writer.add_eos_token_id(ids[tiny.END])
writer.add_unk_token_id(ids["<unk>"])
writer.add_add_bos_token(True)
# else llama.cpp puts a blank behind the last special token of a prompt, and its grammars for tools and schemas do not fit
writer.add_add_space_prefix(False)
# else llama-cpp-python gives a vector for each token; Ollama takes a model that says so for one of embeddings alone
if sys.argv[2:] == ["pooled"]:
    writer.add_pooling_type(gguf.PoolingType.MEAN)
writer.add_chat_template(tiny.TEMPLATE)
# GGUF's llama turns neighbouring coordinates together: the last two of a head are the slowest
for name, value in tiny.weights(ids, printable, slow=tiny.WIDTH // tiny.HEADS - 2).items():
    writer.add_tensor(f"{name}.weight", value)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
