-- Hands stanzas to the gateway: those for users of served domains who are not here, and those for the component itself.

local jid_bare = require "util.jid".bare;
local jid_split = require "util.jid".split;
local st = require "util.stanza";

return function (options, accounts, connections, choice, handover, requests)
	local function bounce(event, type, condition, text)
		local stanza = event.stanza;
		if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
			event.origin.send(st.error_reply(stanza, type, condition, text));
		end
	end

	local function hand_over(event)
		local stanza = event.stanza;
		local asker = requests.asker_of(stanza);
		if asker then
			stanza.attr.xmlns = nil;
			asker.session.send(stanza);
			return true;
		end
		-- A module of the server may leave out its own address.
		local pair = choice.pair_of(jid_bare(stanza.attr.from or options.domain), jid_bare(stanza.attr.to));
		local condition, text = handover.hand_over(stanza, pair);
		if condition and stanza.name ~= "presence" then
			bounce(event, "wait", condition, text);
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
