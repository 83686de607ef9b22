-- Hands stanzas to the gateway: those for users of served domains who are not here, and those for the component itself.

local jid_bare = require "util.jid".bare;
local jid_split = require "util.jid".split;
local st = require "util.stanza";

return function (options, accounts, connections, requests)
	local function bounce(event, type, condition, text)
		local stanza = event.stanza;
		if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
			event.origin.send(st.error_reply(stanza, type, condition, text));
		end
	end

	local function hand_over(event)
		local stanza = event.stanza;
		-- A module of the server may leave out its own address.
		local sender = jid_bare(stanza.attr.from or options.domain);
		local connection = requests.asker_of(stanza) or connections.choose(sender, jid_bare(stanza.attr.to));
		if connection then
			stanza.attr.xmlns = nil;
			connection.session.send(stanza);
		elseif stanza.name ~= "presence" then
			bounce(event, "wait", "remote-server-timeout", "The gateway to this user's server is not connected");
		end
		return true;
	end

	local function to_missing_user(event)
		local node, host = jid_split(event.stanza.attr.to);
		if not node or not options.served[host] or accounts.exists(node, host) then
			return nil;
		end
		-- The gateway asks for a user whom only the gateway itself could serve: handing it back would make a loop.
		if connections.of(event.origin) then
			bounce(event, "cancel", "item-not-found");
			return true;
		end
		return hand_over(event);
	end

	return { to_missing_user = to_missing_user, to_component = hand_over };
end
