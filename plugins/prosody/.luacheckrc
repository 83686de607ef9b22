-- What Prosody puts into a module's environment.
std = "lua54"
globals = { "module" }
read_globals = { "prosody" }
max_line_length = 140
