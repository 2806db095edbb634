"""The packet forwarder: carries end-to-end encrypted media between browsers without decoding it.

It runs in its own process with one UDP port and imports nothing of ours but the kernel. Each client has
one *publisher leg* (it sends to us) and one *subscriber leg* for each participant it sees. A leg is one
WebRTC transport: ICE-lite (`icelite`), DTLS (`dtls`), SRTP (`srtp`). `router` copies packets from a
publisher's sources to its subscribers; `rtcp` keeps both hops in order; `worker` is the process.
"""
