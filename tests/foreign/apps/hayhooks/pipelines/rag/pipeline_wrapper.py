"""A Haystack pipeline behind Hayhooks: retrieval by BM25, and a generator that says what was found."""

import time

from hayhooks import BasePipelineWrapper, get_last_user_message, streaming_generator
from haystack import Document, Pipeline, component
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.dataclasses import StreamingChunk
from haystack.document_stores.in_memory import InMemoryDocumentStore
from passages import EACH_S, FIRST_S, PASSAGES


@component
class Reciter:
    """Stands where a chat model would."""

    def __init__(self, streaming_callback=None):
        self.streaming_callback = streaming_callback

    @component.output_types(replies=list[str])
    def run(self, documents: list[Document], streaming_callback=None):
        say = streaming_callback or self.streaming_callback
        time.sleep(FIRST_S)
        found = documents[0].content if documents else "nothing of it."
        words = ["The ", "house ", "rules ", "say: ", *(word + " " for word in found.split())]
        for word in words:
            time.sleep(EACH_S)
            if say:
                say(StreamingChunk(content=word))
        return {"replies": ["".join(words)]}


class PipelineWrapper(BasePipelineWrapper):
    """What Hayhooks looks for by this name."""

    def setup(self):
        store = InMemoryDocumentStore()
        store.write_documents([Document(content=one["text"], meta={"id": one["id"]}) for one in PASSAGES])
        self.pipeline = Pipeline()
        self.pipeline.add_component("retriever", InMemoryBM25Retriever(store, top_k=2))
        self.pipeline.add_component("llm", Reciter())
        self.pipeline.connect("retriever.documents", "llm.documents")

    def run_api(self, question: str) -> str:
        return self.pipeline.run({"retriever": {"query": question}})["llm"]["replies"][0]

    def run_chat_completion(self, model: str, messages: list[dict], body: dict):
        asked = {"retriever": {"query": get_last_user_message(messages)}}
        return streaming_generator(pipeline=self.pipeline, pipeline_run_args=asked)
