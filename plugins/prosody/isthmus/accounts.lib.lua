-- Answers "does this user of a served domain have an account here?", for every stanza, so with a bounded cache.

local new_cache = require "util.cache".new;
local now = require "util.time".monotonic;
local user_exists = require "core.usermanager".user_exists;

return function (options)
	-- bare JID -> { exists = boolean, expires = seconds on the monotonic clock }
	local known = new_cache(options.account_limit);

	local function is_online(node, host)
		local domain = prosody.hosts[host];
		return domain ~= nil and domain.sessions[node] ~= nil;
	end

	-- A look-up that fails counts as "has an account": then the gateway may not speak for the user, and nothing leaves.
	local function look_up(node, host)
		local ok, found = pcall(user_exists, node, host);
		if not ok then
			module:log("error", "Cannot look up the account of %s@%s, taking it as existing: %s", node, host, found);
			return true;
		end
		known:set(node .. "@" .. host, { exists = not not found, expires = now() + options.account_lifetime });
		return not not found;
	end

	-- True if `node` has an account on `host`, a served domain; both are prepared. An online user needs no look-up.
	local function exists(node, host)
		if is_online(node, host) then
			return true;
		end
		local entry = known:get(node .. "@" .. host);
		if entry and now() < entry.expires then
			return entry.exists;
		end
		return look_up(node, host);
	end

	return {
		exists = exists,
		is_online = is_online,
		forget = function (node, host) known:set(node .. "@" .. host, nil); end,
	};
end
