-- Remembers which connection has asked which IQ, so that the answer returns to the worker that waits for it.

local new_cache = require "util.cache".new;
local now = require "util.time".monotonic;

return function (options, connections)
	-- key of a request -> { session = the asking session, expires = seconds on the monotonic clock }
	local pending = new_cache(options.request_limit);

	local function key_of(asker, asked, id)
		return asker .. "\0" .. asked .. "\0" .. id;
	end

	-- The module's own IQs are answered at once, on the connection that asks: remembered, thousands of them would push out
	-- those that still wait.
	local function is_for_module(stanza)
		local child = stanza.tags[1];
		return options.served[stanza.attr.to] and child and child.attr.xmlns == options.xmlns;
	end

	-- Takes note of an IQ get or set that the gateway sends.
	local function note(session, stanza)
		local attr = stanza.attr;
		if attr.id and (attr.type == "get" or attr.type == "set") and not is_for_module(stanza) then
			local expires = now() + options.request_lifetime;
			pending:set(key_of(attr.from, attr.to, attr.id), { session = session, expires = expires });
		end
	end

	-- The connection that waits for this stanza; nil if it is no IQ answer, if nobody asked, or if the asker is gone.
	local function asker_of(stanza)
		local attr = stanza.attr;
		if stanza.name ~= "iq" or not attr.id or not attr.from or (attr.type ~= "result" and attr.type ~= "error") then
			return nil;
		end
		local key = key_of(attr.to, attr.from, attr.id);
		local request = pending:get(key);
		pending:set(key, nil);
		if request and now() < request.expires then
			return connections.of(request.session);
		end
		return nil;
	end

	return {
		note = note,
		asker_of = asker_of,
		save = function () return pending; end,
		-- Takes over what an earlier instance of the module has saved, the oldest first.
		restore = function (saved)
			while saved and saved:count() > 0 do
				local key, request = saved:tail();
				saved:set(key, nil);
				pending:set(key, request);
			end
		end,
	};
end
