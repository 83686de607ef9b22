-- Accepts any number of connections for the gateway's component (XEP-0114 handshake); mod_component accepts one.

local hashes = require "util.hashes";
local st = require "util.stanza";

return function (options, connections)
	local component = module:context(options.component);

	local function reject(session, condition, text)
		module:log("warn", "Connection to %s rejected: %s", options.component, text);
		session:close({ condition = condition, text = text });
		return true;
	end

	local function is_authentic(session, stanza, secret)
		local expected = hashes.sha1(session.streamid .. secret, true);
		-- Takes the same time wherever the two differ.
		return hashes.equals(stanza:get_text():lower(), expected);
	end

	local function accept(session)
		session.type = "component";
		connections.attach(session);
		session.send(st.stanza("handshake"));
		component:fire_event("component-authenticated", { session = session });
		return true;
	end

	return function (event)
		local session, stanza = event.origin, event.stanza;
		if session.type ~= "component_unauthed" then
			return nil;
		end
		-- An attribute `to` on the handshake leads a stream that was opened for another component here.
		if session.host ~= options.component or #stanza.tags > 0 then
			return reject(session, "not-authorized", "Invalid handshake");
		end
		local secret = component:get_option_string("component_secret");
		if not secret then
			return reject(session, "not-authorized", "component_secret is not set");
		end
		if not is_authentic(session, stanza, secret) then
			return reject(session, "not-authorized", "Given token does not match calculated token");
		end
		if connections.count() >= options.connection_limit then
			return reject(session, "resource-constraint", "Too many connections; see isthmus_connection_limit");
		end
		return accept(session);
	end
end
