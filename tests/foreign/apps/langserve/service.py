"""LangServe around a chain: a prompt, a model that is not one, a parser."""

from fastapi import FastAPI
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langserve import add_routes
from passages import EACH_S, PASSAGES

app = FastAPI(title="Tool library")
prompt = ChatPromptTemplate.from_template("Answer from the house rules: {question}")
model = FakeListChatModel(responses=[passage["text"] for passage in PASSAGES], sleep=EACH_S / 2)
add_routes(app, prompt | model | StrOutputParser(), path="/rules")
