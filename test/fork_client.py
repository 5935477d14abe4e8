# A command of a RUN line: has the fork server (fork_server.py) run it, in this process's place.
# Only built-in modules, since starting up is all the time that this takes.
import _socket
import posix
import sys

folder, _, name = sys.argv[0].rpartition("/")
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect(folder + "/socket")
environment = [key + b"=" + value for key, value in posix.environ.items()]
fields = [posix.getcwdb(), b"%d" % len(sys.argv), name.encode()]
fields += [argument.encode("utf-8", "surrogateescape") for argument in sys.argv[1:]]
request = b"\0".join(fields + environment)
streams = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2))
server.sendmsg(
    [len(request).to_bytes(8, "little")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
)
server.sendall(request)
status = server.recv(1)
posix._exit(status[0] if status else 70)
