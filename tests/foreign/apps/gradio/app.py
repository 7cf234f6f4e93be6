"""A Gradio chat: asked by one POST that queues the question, read by a GET that follows it."""

import os
import time

import gradio
from passages import EACH_S, answer


def reply(message, history):
    said = ""
    for piece in answer(message)[0]:
        said += piece
        time.sleep(EACH_S)
        yield said


gradio.ChatInterface(reply, api_name="chat").launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]))
