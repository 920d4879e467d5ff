"""llama.cpp's own HTTP server as xllamacpp carries it: xllamacpp_serve.py MODEL PORT KEY [embed]"""

import sys
import time

import xllamacpp

model, port, key = sys.argv[1:4]
parameters = xllamacpp.CommonParams()
parameters.model.path = model
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(port)
parameters.api_keys = [key]
parameters.n_ctx = 2048
parameters.n_parallel = 1
parameters.cpuparams.n_threads = 1
parameters.cpuparams_batch.n_threads = 1
parameters.warmup = False
parameters.use_jinja = True
if sys.argv[4:] == ["embed"]:
    parameters.embedding = True
    parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = xllamacpp.Server(parameters)
print("ready", flush=True)
while True:
    time.sleep(60)
