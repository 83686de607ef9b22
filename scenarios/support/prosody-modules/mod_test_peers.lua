-- For tests: the servers of other domains are on this machine. Answers the SRV questions of server-to-server links from the
-- option test_peers (domain -> port on 127.0.0.1); every other name does not exist, so that nothing leaves the machine.
-- SPDX-License-Identifier: Apache-2.0

module:set_global();

local adns = require "net.adns";

local ports = module:get_option("test_peers", {});

local resolver = {};

function resolver:lookup(handler, name, kind) -- luacheck: ignore 212/self
	local port = kind == "SRV" and ports[name:match("^_xmpp%-server%._tcp%.(.-)%.?$")];
	handler(port and { { srv = { priority = 0, weight = 0, port = port, target = "127.0.0.1" } } } or nil);
end

function adns.resolver()
	return resolver;
end
