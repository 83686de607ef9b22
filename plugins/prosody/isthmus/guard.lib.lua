-- The guard on what the gateway sends: from its own domain or from a user who is not here, and from nobody else.

local jid_split = require "util.jid".split;
local st = require "util.stanza";

local IS_STANZA = { message = true, presence = true, iq = true };

return function (options, accounts, connections, contacts, requests)
	-- `from` is prepared: stanza_router does it before any event. So another letter case is no way around.
	local function may_speak_for(from)
		local node, host = jid_split(from);
		if host == options.component then
			return true;
		end
		return options.served[host] and node ~= nil and not accounts.exists(node, host);
	end

	local function refuse(session, stanza)
		local attr = stanza.attr;
		module:log("warn", "Refused %s of %s from %s to %s: not a sender of the gateway", stanza.name, options.component, attr.from, attr.to);
		if attr.type ~= "error" and attr.type ~= "result" then
			session.send(st.error_reply(stanza, "auth", "forbidden", "The gateway may not send from this address"));
		end
		return true;
	end

	return function (event)
		local session, stanza = event.origin, event.stanza;
		local connection = connections.of(session);
		if not connection then
			return nil;
		end
		connection.spoke = true;
		if not IS_STANZA[stanza.name] then
			session:close("unsupported-stanza-type");
			return true;
		end
		if not may_speak_for(stanza.attr.from) then
			return refuse(session, stanza);
		end
		if stanza.name == "iq" then
			requests.note(session, stanza);
		elseif stanza.name == "presence" then
			contacts.note(stanza);
		end
		return nil;
	end
end
