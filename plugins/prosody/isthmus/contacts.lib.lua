-- Remembers who was shown available to whom by the gateway, so that nobody stays available when the gateway is gone.

local new_cache = require "util.cache".new;
local jid_bare = require "util.jid".bare;
local jid_split = require "util.jid".split;
local st = require "util.stanza";

-- One round of sending takes a few milliseconds of Prosody's only thread: 2,500 presences a second, and the rest goes on.
local WITHDRAWALS_PER_ROUND = 250;
local SECONDS_BETWEEN_ROUNDS = 0.1;

return function (options, accounts)
	local warned_of_eviction = false;

	local function on_evict()
		if not warned_of_eviction then
			warned_of_eviction = true;
			module:log("warn", "More than %d contacts available: the oldest will not be shown offline if the gateway is lost;"
				.. " raise isthmus_contact_limit", options.contact_limit);
		end
	end

	-- "contact \0 watcher" -> { contact = full JID, watcher = JID as addressed, bare for users of served domains }
	local available = new_cache(options.contact_limit, on_evict);

	-- Nil if the stanza goes to a user of a served domain who is not here: it will not be delivered.
	local function watcher_of(to)
		local node, host = jid_split(to);
		if not options.served[host] then
			return to;
		end
		return node and accounts.exists(node, host) and jid_bare(to) or nil;
	end

	-- Takes note of a presence stanza of the gateway that has passed the guard.
	local function note(stanza)
		local type = stanza.attr.type;
		if type ~= nil and type ~= "unavailable" then
			return;
		end
		local contact, watcher = stanza.attr.from, watcher_of(stanza.attr.to);
		if watcher then
			local entry = type == nil and { contact = contact, watcher = watcher } or nil;
			available:set(contact .. "\0" .. watcher, entry);
		end
	end

	-- Sends `unavailable` for up to `limit` contacts, the oldest first.
	local function withdraw(limit)
		for _ = 1, limit do
			local key, entry = available:tail();
			if not key then
				return;
			end
			available:set(key, nil);
			module:send(st.presence({ from = entry.contact, to = entry.watcher, type = "unavailable" }));
		end
	end

	-- Sends `unavailable` for all contacts, a round at a time, for as long as `is_wanted()` holds.
	local function withdraw_while(is_wanted)
		module:add_timer(0, function ()
			if not is_wanted() then
				return nil;
			end
			withdraw(WITHDRAWALS_PER_ROUND);
			return available:count() > 0 and SECONDS_BETWEEN_ROUNDS or nil;
		end);
	end

	return {
		note = note,
		count = function () return available:count(); end,
		withdraw_all = function () withdraw(available:count()); end,
		withdraw_while = withdraw_while,
		save = function () return available; end,
		-- Takes over what an earlier instance of the module has saved, the oldest first.
		restore = function (saved)
			while saved and saved:count() > 0 do
				local key, entry = saved:tail();
				saved:set(key, nil);
				available:set(key, entry);
			end
		end,
	};
end
