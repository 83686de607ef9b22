-- Which connection a pair belongs to: the one of the worker that had it lately, else the one that the hash names.

local sha1 = require "util.hashes".sha1;

-- Ranks of connections: the highest that is there is taken.
local NAMELESS, NOT_READY, READY = 0, 1, 2;

return function (connections, keepers)
	-- One that has not told a name may be a worker still on its way, or somebody who only looks whether all is well.
	local function rank_of(connection)
		if not connection.announced then
			return NAMELESS;
		end
		return connection.unready and NOT_READY or READY;
	end

	local function highest_rank()
		local highest = NAMELESS;
		for _, connection in connections.each_live() do
			highest = math.max(highest, rank_of(connection));
		end
		return highest;
	end

	-- Rendezvous hash: SHA-1 over worker name and pair, highest digest wins. Digests are compared in hexadecimal, which sorts
	-- alike in every locale. Two connections of one name tie: the newer one is the worker's, the older is about to end.
	local function outranks(digest, connection, best_digest, best)
		if digest == best_digest then
			return connection.serial > best.serial;
		end
		return digest > best_digest;
	end

	-- The live connection of this rank that the hash names for a pair; nil if there is none.
	local function hashed(pair, rank)
		local best, best_digest;
		for _, connection in connections.each_live() do
			if rank_of(connection) == rank then
				local digest = sha1(connection.name .. pair, true);
				if not best or outranks(digest, connection, best_digest, best) then
					best, best_digest = connection, digest;
				end
			end
		end
		return best;
	end

	-- The newest live connection of this rank of the worker that had the pair lately; nil if it has gone, or is about to.
	local function kept(pair, rank)
		local name = keepers.of(pair);
		if not name then
			return nil;
		end
		local newest;
		for _, connection in connections.each_live() do
			local is_it = connection.name == name and rank_of(connection) == rank;
			if is_it and not (newest and newest.serial > connection.serial) then
				newest = connection;
			end
		end
		return newest;
	end

	return {
		-- The pair of two bare JIDs, in either order, as the hash takes it.
		pair_of = function (one, other)
			if other < one then
				one, other = other, one;
			end
			return "\0" .. one .. "\0" .. other;
		end,
		-- The live connection for a pair; nil if there is none.
		choose = function (pair)
			local rank = highest_rank();
			local connection = kept(pair, rank) or hashed(pair, rank);
			if connection and connection.announced then
				keepers.keep(pair, connection.name);
			end
			return connection;
		end,
		-- Is there a live worker that has told its name; and one that is ready?
		has_worker = function () return highest_rank() > NAMELESS; end,
		has_ready_worker = function () return highest_rank() == READY; end,
	};
end
