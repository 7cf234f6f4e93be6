"""Stock Locust at the same total rate: 50 users, each paced to its share."""

import os

from locust import FastHttpUser, constant_throughput, task


class Stock(FastHttpUser):
    wait_time = constant_throughput(float(os.environ["BENCH_RATE"]) / 50)

    @task
    def ask(self):
        body = {"messages": [{"role": "user", "content": "ping"}], "stream": False, "max_tokens": 512, "top_k": 6}
        self.client.post("/v1/chat", json=body)
