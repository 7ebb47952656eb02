"""What is typed and clicked before the page's socket is open: nothing overwrites it, and it arrives in its order."""

from __future__ import annotations

import asyncio
from typing import Any, Final

# NiceGUI lets every event wait for the handshake by a timer of its own, so that on a busy machine a click overtakes the text
# typed before it, and an older text the newer one. The socket keeps what is sent before it is open, in order: with the
# handshake in its own address (`implicit_handshake`) there is nothing else to wait for.
IN_ORDER: Final = """<script>(() => {
  let shaken = false;
  Object.defineProperty(window, "did_handshake", {
    get: () => shaken || Boolean(window.socket?.io?.opts?.query?.implicit_handshake),
    set: (value) => { shaken = value; },
  });
})();</script>"""


async def leave_typing_alone(client: Any) -> None:
    """Take back what would set fields anew when the socket opens: the page was sent with their values.

    A value given to a field while the page is built is also queued as a call of `updateValue`. Carried out when the socket
    opens, seconds later on a busy machine, it would put the first value over what a person has typed by then.
    """
    await asyncio.sleep(0)  # such calls are queued by tasks: let those that were made begin
    queued = client.outbox.messages
    others = [m for m in queued if '"updateValue"' not in str(m[2].get("code", ""))]
    queued.clear()
    queued.extend(others)
