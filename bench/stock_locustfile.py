"""Stock Locust at the same total rate: each user paced to its share, FastHttpUser, streams read line by line."""

import os

from locust import FastHttpUser, constant_throughput, task

STREAM = os.environ.get("BENCH_MODE") == "stream"


class Stock(FastHttpUser):
    wait_time = constant_throughput(float(os.environ["BENCH_RATE"]) / int(os.environ["BENCH_SLOTS"]))

    @task
    def ask(self):
        body = {"messages": [{"role": "user", "content": "ping"}], "stream": STREAM, "max_tokens": 512, "top_k": 6}
        if not STREAM:
            self.client.post("/v1/chat", json=body)
            return
        with self.client.post("/v1/chat", json=body, stream=True, catch_response=True) as answer:
            while answer._response.readline(b"\n"):
                pass
            answer._response.release()
