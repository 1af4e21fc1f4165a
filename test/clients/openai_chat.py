"""A chat with a model behind MLflow's AI gateway, by OpenAI's own SDK, whole and streamed; printed as JSON."""

import json
import os

from openai import APIStatusError, OpenAI

client = OpenAI(max_retries=0)  # OPENAI_BASE_URL and OPENAI_API_KEY
messages = [{"role": "user", "content": "Which model is this?"}]
try:
    whole = client.chat.completions.create(model=os.environ["ENDPOINT"], messages=messages)
    chunks = client.chat.completions.create(model=os.environ["ENDPOINT"], messages=messages, stream=True)
    embedding = client.embeddings.create(model=os.environ["EMBEDDINGS"], input="text").data[0].embedding
    print(
        json.dumps({
            "whole": whole.choices[0].message.content,
            "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
            "embedding": embedding,
        })
    )
except APIStatusError as error:
    print(json.dumps({"type": type(error).__name__, "status": error.status_code, "error": error.message}))
