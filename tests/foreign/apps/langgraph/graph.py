"""A graph of one node for LangGraph's own server."""

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langgraph.graph import END, START, MessagesState, StateGraph
from passages import EACH_S, PASSAGES

model = FakeListChatModel(responses=[passage["text"] for passage in PASSAGES], sleep=EACH_S / 2)


def reply(state: MessagesState):
    return {"messages": [model.invoke(state["messages"])]}


made = StateGraph(MessagesState)
made.add_node("reply", reply)
made.add_edge(START, "reply")
made.add_edge("reply", END)
graph = made.compile()
