"""A Chainlit app: a page whose questions and answers travel over Socket.IO."""

import chainlit
from passages import answer


@chainlit.on_message
async def reply(message):
    await chainlit.Message(content="".join(answer(message.content)[0])).send()
