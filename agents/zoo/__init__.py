"""The shipped rivals: policy files, loaded by bare name (`Npc.load("pong")`)."""
